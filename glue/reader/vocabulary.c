/*-------------------------------------------------------------------------
 *
 * vocabulary.c
 *	  What vendors call our columns, in eight languages.
 *
 * To add a phrase, write it into the line of its language below, as words of small
 * ASCII letters without accents.  Phrases are separated by commas.  A row with a
 * lower percentage holds what usually means something else, or is vague.
 *
 *-------------------------------------------------------------------------
 */
#include <utf8proc.h>

#include "reader/vocabulary.h"
#include "shared/heading.h"

/* Longer headings are cut, which is no loss: they are sentences. */
#define MOST_HEADING_BYTES 256

/* Longer texts are no totals; rejecting them saves time, as all cells of a sample are compared. */
#define MOST_TOTAL_BYTES 48

/* A phrase with this percentage means its column in most files. */
#define USUAL_PERCENT 80

/* Deduction for each word of the heading that is not in the phrase. */
#define COST_OF_NEUTRAL 3
#define COST_OF_NUMBER 15
#define COST_OF_WORD 22
#define COST_OF_TAIL 60

/* Share of a match that counts if the heading names another subject more clearly. */
#define OTHER_SUBJECT_PERCENT 20

/* A phrase for something else counts from this percentage on. */
#define LEAST_OTHER_PERCENT 50

/* Share of a match that counts for the last part of a compound, and its least length. */
#define COMPOUND_PERCENT 75
#define SHORTEST_COMPOUND_PART 5

struct subject
{
	enum onboard_column column; /* COLUMN_NONE: another subject */
	int percent;                /* how sure it is if the phrase is the whole heading */
	const char *phrases[LANGUAGE_COUNT];
};

#define EN [LANGUAGE_ENGLISH]
#define DE [LANGUAGE_GERMAN]
#define FR [LANGUAGE_FRENCH]
#define ES [LANGUAGE_SPANISH]
#define IT [LANGUAGE_ITALIAN]
#define NL [LANGUAGE_DUTCH]
#define PL [LANGUAGE_POLISH]
#define PT [LANGUAGE_PORTUGUESE]

/* clang-format off */
static const struct subject subjects[] = {
	{COLUMN_VENDOR_PRODUCT_ID, 95, {
		EN = "vendor product id,product id,item id,external id,vendor sku,supplier sku,supplier product code,"
			 "vendor item number",
		DE = "produkt id,artikel id,lieferantenartikelnummer,lieferanten artikelnummer,lief art nr,"
			 "lieferanten artikel nr",
		FR = "id produit,identifiant produit,identifiant,reference fournisseur,ref fournisseur,code fournisseur,"
			 "id article",
		ES = "id producto,id de producto,id del producto,identificador,id articulo,referencia proveedor,"
			 "ref proveedor,codigo proveedor",
		IT = "id prodotto,id articolo,identificativo,codice fornitore,cod fornitore,rif fornitore",
		NL = "artikel id,productid,leveranciersnummer,leverancierscode,artikelnummer leverancier,"
			 "leveranciersartikelnummer",
		PL = "id produktu,identyfikator,id towaru,kod dostawcy,indeks dostawcy,identyfikator produktu",
		PT = "id produto,id do produto,identificador,codigo fornecedor,codigo do fornecedor,"
			 "referencia fornecedor,id artigo"}},
	{COLUMN_VENDOR_PRODUCT_ID, 80, {
		EN = "id,vendor id,item group id,handle,external reference"}},
	{COLUMN_SKU, 100, {
		EN = "sku"}},
	{COLUMN_SKU, 92, {
		EN = "item nr,article nr,part nr,product nr,sku nr,sku code,sku number,sku id,product sku,item sku,"
			 "variant sku,seller sku,stock keeping unit,item number,item no,item code,article number,article no,"
			 "article code,product code,product number,part number,part no,catalog number,catalogue number,"
			 "stock code,internal reference,product code sku,offer sku,shop sku",
		DE = "artikelnummer,artikel nr,art nr,artikelcode,bestellnummer,bestell nr,best nr,produktnummer,"
			 "produktcode,materialnummer,teilenummer,sachnummer,interne artikelnummer,artikel no",
		FR = "reference,ref,reference produit,ref produit,reference article,ref article,code article,"
			 "code produit,numero article,no article,ugs,reference interne,num article",
		ES = "referencia,ref,codigo,codigo articulo,codigo de articulo,codigo producto,codigo de producto,"
			 "referencia producto,numero de articulo,no articulo,cod articulo,referencia interna,cod",
		IT = "codice,codice articolo,cod articolo,cod art,codice prodotto,riferimento,numero articolo,"
			 "codice interno,cod",
		NL = "artikelnummer,artikel nr,artikelcode,bestelnummer,productcode,productnummer,art nr,"
			 "interne referentie",
		PL = "kod,kod produktu,kod towaru,symbol,indeks,numer katalogowy,nr katalogowy,nr artykulu,"
			 "numer artykulu,symbol produktu,indeks towaru,nr kat",
		PT = "referencia,ref,codigo,codigo do produto,codigo produto,codigo do artigo,codigo artigo,cod produto,"
			 "referencia interna,cod"}},
	{COLUMN_SKU, 55, {
		EN = "style number,style code,style,model number,model,mpn,manufacturer part number,manufacturer sku,"
			 "code,reference",
		DE = "modell,modellnummer,herstellernummer,herstellerartikelnummer,hersteller artikelnummer,nummer",
		FR = "modele,code,reference fabricant,ref fabricant",
		ES = "modelo,referencia fabricante,clave",
		IT = "modello,codice produttore,art",
		NL = "modelnummer,model,fabrikantcode,nummer",
		PL = "model,kod producenta,numer",
		PT = "modelo,referencia fabricante"}},
	/* A barcode is the key only of a file without another; see map_guess.c. */
	{COLUMN_SKU, 25, {
		EN = "ean,gtin,upc,barcode,isbn,ean 13,ean code,gtin 13,ean gtin,gtin ean,ean number,upc ean,"
			 "variant barcode,asin",
		DE = "strichcode,ean nummer,ean nr,gtin nummer",
		FR = "code barres,code barre,code a barres,code ean,gencod,gencode",
		ES = "codigo de barras,codigo barras,codigo ean,cod barras",
		IT = "codice a barre,codice ean,cod ean",
		NL = "streepjescode,ean code",
		PL = "kod kreskowy,kod ean,kod paskowy",
		PT = "codigo de barras,codigo barras,codigo ean"}},
	{COLUMN_PRODUCT_NAME, 97, {
		EN = "product name,name,title,product title,item name,item title,article name,display name",
		DE = "bezeichnung,artikelname,artikelbezeichnung,produktname,produktbezeichnung,titel,produkttitel,"
			 "warenbezeichnung,benennung,artikeltitel",
		FR = "nom,nom produit,nom du produit,libelle,libelle produit,designation,titre,intitule,nom article,"
			 "nom de l article,designation produit,libelle article",
		ES = "nombre,nombre producto,nombre del producto,nombre de producto,titulo,denominacion,nombre articulo,"
			 "nombre del articulo,titulo del producto",
		IT = "nome,nome prodotto,titolo,denominazione,nome articolo,nome del prodotto,titolo prodotto",
		NL = "naam,productnaam,titel,artikelnaam,benaming,producttitel,artikelbenaming",
		PL = "nazwa,nazwa produktu,nazwa towaru,tytul,nazwa artykulu",
		PT = "nome,nome do produto,titulo,nome produto,designacao,nome do artigo,titulo do produto"}},
	{COLUMN_PRODUCT_NAME, 80, {
		EN = "product,article,item",
		DE = "produkt,artikel,kurzbezeichnung,artikelbeschreibung kurz,kurztext",
		FR = "produit,article",
		ES = "producto,articulo,descripcion articulo,descripcion del articulo",
		IT = "prodotto,articolo,descrizione articolo,descrizione prodotto",
		NL = "artikel,artikelomschrijving,productomschrijving",
		PL = "produkt,towar,artykul",
		PT = "produto,artigo,descricao do artigo,descricao do produto"}},
	/* In price lists of these languages, the only description is the name. */
	{COLUMN_PRODUCT_NAME, 60, {
		EN = "description,short description,item description,product description",
		DE = "beschreibung,artikelbeschreibung,kurzbeschreibung,artikeltext",
		FR = "description,description courte",
		ES = "descripcion,descripcion corta",
		IT = "descrizione,descrizione breve",
		NL = "omschrijving,korte omschrijving",
		PL = "opis,krotki opis",
		PT = "descricao,descricao curta"}},
	{COLUMN_CATEGORY, 95, {
		EN = "category,product category,categories,product type,department,category name,category path,"
			 "main category,product group,item category,product categories,category 1",
		DE = "kategorie,kategorien,warengruppe,warengr,produktgruppe,artikelgruppe,produktkategorie,hauptkategorie,"
			 "rubrik,hauptwarengruppe,kategoriepfad,produkttyp,abteilung,hauptgruppe,kategorie 1",
		FR = "categorie,categories,categorie produit,famille,rayon,type de produit,univers,famille produit,"
			 "categorie principale,categorie 1,categorie de produit",
		ES = "categoria,categorias,familia,departamento,seccion,tipo de producto,categoria principal,"
			 "categoria 1,categoria del producto,categoria de producto",
		IT = "categoria,categorie,famiglia,reparto,gruppo merceologico,categoria merceologica,tipo prodotto,"
			 "categoria principale,categoria 1,categoria prodotto",
		NL = "categorie,categorieen,productgroep,artikelgroep,hoofdgroep,hoofdcategorie,productcategorie,"
			 "assortimentsgroep,afdeling,categorie 1",
		PL = "kategoria,kategorie,grupa towarowa,dzial,kategoria produktu,grupa produktow,kategoria glowna,"
			 "grupa asortymentowa,kategoria 1",
		PT = "categoria,categorias,familia,departamento,seccao,secao,tipo de produto,categoria principal,"
			 "categoria 1,categoria do produto"}},
	{COLUMN_CATEGORY, 60, {
		EN = "google product category,type,collection,section,range,product range,item type keyword,feed product type,taxonomy,group",
		DE = "gruppe,typ,sortiment,bereich,art",
		FR = "groupe,type,gamme,collection",
		ES = "grupo,tipo,rubro,coleccion",
		IT = "gruppo,tipo,tipologia,settore,collezione",
		NL = "groep,type,collectie,soort,assortiment",
		PL = "grupa,typ,rodzaj,kolekcja,asortyment",
		PT = "grupo,tipo,colecao"}},
	{COLUMN_SUBCATEGORY, 95, {
		EN = "subcategory,category 2,secondary category,product subtype,sub department,child category,"
			 "category level 2,subgroup,sub category name",
		DE = "kategorie ebene 2,unterkategorie,untergruppe,unterwarengruppe,kategorie 2,subkategorie,"
			 "produktuntergruppe",
		FR = "sous categorie,sous famille,sous rayon,categorie 2",
		ES = "subcategoria,subfamilia,categoria 2,subgrupo",
		IT = "sottocategoria,sottofamiglia,sottogruppo,categoria 2,sotto categoria",
		NL = "subcategorie,subgroep,categorie 2,productsubgroep",
		PL = "podkategoria,podgrupa,kategoria 2",
		PT = "subcategoria,subfamilia,subgrupo,categoria 2"}},
	{COLUMN_DESCRIPTION, 97, {
		EN = "description,product description,long description,body html,body,full description,item description,"
			 "html description,description html",
		DE = "beschreibung,produktbeschreibung,artikelbeschreibung,langbeschreibung,langtext,beschreibungstext,"
			 "artikeltext,beschreibung lang,detailbeschreibung",
		FR = "description,description produit,descriptif,description longue,description du produit,"
			 "description detaillee",
		ES = "descripcion,descripcion larga,descripcion producto,descripcion del producto,descripcion detallada,"
			 "descripcion completa",
		IT = "descrizione,descrizione estesa,descrizione lunga,descrizione prodotto,descrizione completa,"
			 "descrizione dettagliata",
		NL = "omschrijving,beschrijving,productomschrijving,productbeschrijving,lange omschrijving,"
			 "uitgebreide omschrijving,lange beschrijving",
		PL = "opis,opis produktu,opis dlugi,pelny opis,dlugi opis,opis szczegolowy",
		PT = "descricao,descricao longa,descricao do produto,descricao completa,descricao detalhada"}},
	{COLUMN_DESCRIPTION, 65, {
		EN = "short description,summary,details,product details,bullet points,features,text",
		DE = "kurzbeschreibung,details,zusatztext,text",
		FR = "description courte,resume,detail,texte,caracteristiques",
		ES = "descripcion corta,resumen,detalle,detalles,caracteristicas",
		IT = "descrizione breve,dettagli,testo,caratteristiche",
		NL = "korte omschrijving,toelichting,korte beschrijving,kenmerken",
		PL = "krotki opis,opis krotki,szczegoly,cechy",
		PT = "descricao curta,resumo,detalhes,caracteristicas"}},
	{COLUMN_BRAND, 96, {
		EN = "brand,brands,brand name,manufacturer,manufacturer name,product brand",
		DE = "marke,hersteller,markenname,herstellername,fabrikat",
		FR = "marque,fabricant,nom de la marque,nom marque",
		ES = "marca,fabricante,nombre de la marca",
		IT = "marca,marchio,produttore,fabbricante",
		NL = "merk,fabrikant,merknaam,producent",
		PL = "marka,producent,nazwa producenta",
		PT = "marca,fabricante,nome da marca"}},
	{COLUMN_BRAND, 70, {
		EN = "vendor,make,maker,producer,label,mfr,mfg",
		DE = "produzent",
		FR = "editeur",
		ES = "editorial",
		IT = "editore",
		NL = "uitgever",
		PL = "wydawca",
		PT = "editora"}},
	/* Who supplied the vendor is rarely the brand. */
	{COLUMN_BRAND, 35, {
		EN = "supplier",
		DE = "lieferant",
		FR = "fournisseur",
		ES = "proveedor",
		IT = "fornitore",
		NL = "leverancier",
		PL = "dostawca",
		PT = "fornecedor"}},
	{COLUMN_PRICE, 97, {
		EN = "price,selling price,sell price,retail price,unit price,variant price,our price,your price,"
			 "standard price,current price,sales price,price incl tax,gross price,price incl vat,offer price",
		DE = "preis,verkaufspreis,vk,vk preis,vk brutto,bruttopreis,endpreis,ladenpreis,stueckpreis,stuckpreis,"
			 "einzelpreis,endkundenpreis,vk preis brutto",
		FR = "prix,prix de vente,prix ttc,prix vente,pv ttc,prix unitaire,prix de vente ttc,prix vente ttc",
		ES = "precio,precio de venta,precio venta,precio con iva,precio unitario,precio final,"
			 "precio venta publico,pvp",
		IT = "prezzo,prezzo di vendita,prezzo vendita,prezzo ivato,prezzo unitario,prezzo al pubblico,"
			 "prezzo iva inclusa,listino 1",
		NL = "prijs,verkoopprijs,stukprijs,consumentenprijs,eenheidsprijs,prijs incl btw,verkoopprijs incl btw",
		PL = "cena,cena brutto,cena sprzedazy,cena detaliczna,cena jednostkowa,cena sprzedazy brutto",
		PT = "preco,preco de venda,preco venda,preco com iva,preco unitario,preco final,"
			 "preco de venda ao publico,pvp"}},
	{COLUMN_PRICE, 85, {
		EN = "sale price,regular price,special price,price excl tax,net price,price excl vat,price ex vat,"
			 "price tax excluded,price tax included,discount price",
		DE = "aktionspreis,sonderpreis,angebotspreis,nettopreis,preis netto,vk netto",
		FR = "prix promo,prix promotionnel,prix solde,prix remise,prix ht,prix de vente ht,prix reduit,tarif",
		ES = "precio oferta,precio de oferta,precio rebajado,precio sin iva,precio neto,precio promocional,"
			 "importe,tarifa",
		IT = "prezzo scontato,prezzo offerta,prezzo netto,prezzo promozionale,prezzo senza iva",
		NL = "actieprijs,aanbiedingsprijs,prijs excl btw,nettoprijs,verkoopprijs excl btw",
		PL = "cena promocyjna,cena netto,cena sprzedazy netto,cena specjalna",
		PT = "preco promocional,preco sem iva,preco liquido,preco oferta,valor"}},
	{COLUMN_COMPARE_AT_PRICE, 97, {
		EN = "compare at price,compare price,variant compare at price,list price,msrp,rrp,was price,old price,"
			 "original price,strike price,price old,pseudo price,suggested retail price,"
			 "recommended retail price,price before discount",
		DE = "uvp,streichpreis,statt preis,alter preis,vergleichspreis,unverbindliche preisempfehlung,"
			 "listenpreis,originalpreis,ursprungspreis,empf vk,empfohlener verkaufspreis,uvp preis",
		FR = "prix barre,prix conseille,pvc,prix public conseille,ancien prix,prix d origine,prix avant remise,"
			 "prix catalogue",
		ES = "precio anterior,precio tachado,pvpr,precio recomendado,precio antes,pvp recomendado,"
			 "precio de lista,precio original,precio de comparacion,precio sin descuento",
		IT = "prezzo di listino,prezzo listino,prezzo barrato,prezzo consigliato,prezzo originale,"
			 "prezzo precedente,listino",
		NL = "adviesprijs,van prijs,oude prijs,catalogusprijs,doorgestreepte prijs,winkeladviesprijs,"
			 "aanbevolen prijs",
		PL = "cena katalogowa,stara cena,cena przed obnizka,cena sugerowana,cena przekreslona,poprzednia cena,"
			 "cena przed promocja,sugerowana cena detaliczna",
		PT = "preco anterior,preco de tabela,preco recomendado,preco original,preco antigo,preco riscado,pvpr,"
			 "preco sem desconto"}},
	{COLUMN_COMPARE_AT_PRICE, 80, {
		EN = "regular price",
		DE = "normalpreis,regulaerer preis,regularer preis",
		FR = "prix public,prix normal,tarif public",
		ES = "precio normal,precio regular",
		IT = "prezzo pieno,prezzo intero",
		NL = "normale prijs",
		PL = "cena regularna",
		PT = "preco normal,preco regular,preco de"}},
	{COLUMN_STOCK_QUANTITY, 97, {
		EN = "stock quantity,stock,qty,quantity,on hand,qty on hand,quantity on hand,in stock,stock qty,"
			 "stock level,inventory,inventory quantity,available quantity,available stock,variant inventory qty,"
			 "units in stock,qty available,inventory qty,current stock level,free stock,inventory level,"
			 "current stock",
		DE = "bestand,lagerbestand,lagermenge,verfuegbare menge,verfugbare menge,stueckzahl,stuckzahl,auf lager,"
			 "vorrat,freier bestand,verfuegbarer bestand,verfugbarer bestand",
		FR = "stock,quantite,qte,quantite en stock,qte stock,en stock,stock disponible,quantite disponible,"
			 "qte dispo,quantite stock",
		ES = "stock,cantidad,existencias,inventario,stock disponible,cantidad disponible,cantidad en stock,"
			 "unidades en stock",
		IT = "giacenza,quantita,qta,giacenze,esistenza,scorte,quantita disponibile,giacenza magazzino,"
			 "disponibilita magazzino",
		NL = "voorraad,aantal,voorraadaantal,vrije voorraad,op voorraad,beschikbare voorraad,aantal op voorraad",
		PL = "stan,ilosc,stan magazynowy,dostepna ilosc,ilosc w magazynie,ilosc sztuk,stany,zapas,na stanie,"
			 "stan mag",
		PT = "stock,quantidade,estoque,qtd,qtde,existencias,quantidade em stock,quantidade disponivel,"
			 "quantidade em estoque"}},
	{COLUMN_STOCK_QUANTITY, 75, {
		EN = "available,availability,amount,units",
		DE = "menge,verfuegbar,verfugbar,lager,anzahl,verfuegbarkeit,verfugbarkeit",
		FR = "disponible,disponibilite,dispo",
		ES = "disponible,disponibilidad,unidades,uds",
		IT = "disponibilita,disponibile,stock,magazzino,pezzi",
		NL = "beschikbaar,hoeveelheid,beschikbaarheid",
		PL = "magazyn,dostepnosc,sztuk,dostepne",
		PT = "disponivel,disponibilidade,saldo,unidades"}},
	{COLUMN_UNIT, 95, {
		EN = "unit,unit of measure,uom,sales unit,selling unit,measure unit,unit type,packaging unit",
		DE = "einheit,mengeneinheit,verkaufseinheit,verpackungseinheit,masseinheit,vpe,me",
		FR = "unite,unite de vente,unite de mesure,conditionnement,udv",
		ES = "unidad,unidad de medida,unidad de venta,ud",
		IT = "unita,unita di misura,unita di vendita,um",
		NL = "eenheid,verkoopeenheid,verpakkingseenheid,maateenheid",
		PL = "jednostka,jednostka miary,jm,jedn,jednostka sprzedazy",
		PT = "unidade,unidade de medida,unidade de venda,un,unid"}},
	{COLUMN_WEIGHT_KG, 95, {
		EN = "weight kg,weight,wt,net weight,gross weight,item weight,shipping weight,product weight,"
			 "variant grams,variant weight,weight g,weight in kg,grams",
		DE = "gewicht,nettogewicht,bruttogewicht,versandgewicht,artikelgewicht,gewicht kg,gewicht g,gew,gew kg",
		FR = "poids,poids net,poids brut,poids kg,poids g",
		ES = "peso,peso neto,peso bruto,peso kg",
		IT = "peso,peso netto,peso lordo,peso kg",
		NL = "gewicht,nettogewicht,brutogewicht",
		PL = "waga,masa,waga netto,waga brutto,ciezar,masa netto,masa brutto",
		PT = "peso,peso liquido,peso bruto,peso kg"}},
	{COLUMN_DIMENSIONS_CM, 95, {
		EN = "dimensions cm,dimensions,product dimensions,measurements,l x w x h,length width height,"
			 "item dimensions",
		DE = "abmessungen,masse,abmessung,masse lxbxh,l x b x h,produktabmessungen,produktmasse",
		FR = "dimensions,dimension,mesures,encombrement,l x l x h",
		ES = "dimensiones,medidas,dimension",
		IT = "dimensioni,misure,ingombro,dimensione",
		NL = "afmetingen,afmeting,maten",
		PL = "wymiary,wymiar,gabaryty",
		PT = "dimensoes,medidas,dimensao"}},
	{COLUMN_DIMENSIONS_CM, 45, {
		EN = "size",
		DE = "groesse,grosse",
		FR = "taille,format",
		ES = "tamano,talla",
		IT = "misura,formato,taglia",
		NL = "formaat,maat",
		PL = "rozmiar,format",
		PT = "tamanho,formato"}},
	{COLUMN_IMAGE_URL, 96, {
		EN = "image url,image,images,image link,main image,picture,photo,image src,picture url,photo url,"
			 "image 1,primary image,product image,image urls,main image url,base image,product images",
		DE = "bild,bild url,bildlink,bilder,produktbild,hauptbild,bild 1,foto,abbildung,artikelbild,bildadresse,"
			 "produktbilder",
		FR = "image,images,photo,photos,url image,lien image,image 1,visuel,url de l image,image principale,"
			 "lien photo,url photo",
		ES = "imagen,imagenes,foto,fotos,url imagen,imagen principal,enlace imagen,url de imagen,imagen 1,"
			 "fotografia",
		IT = "immagine,immagini,foto,url immagine,link immagine,immagine principale,immagine 1",
		NL = "afbeelding,afbeeldingen,foto,afbeelding url,plaatje,hoofdafbeelding,url afbeelding,productfoto,"
			 "afbeeldingslink",
		PL = "zdjecie,zdjecia,obraz,obrazek,url zdjecia,link do zdjecia,zdjecie glowne,zdjecie 1,fotografia,"
			 "obrazy",
		PT = "imagem,imagens,foto,url imagem,url da imagem,imagem principal,link da imagem,imagem 1,fotografia"}},
	{COLUMN_IMAGE_URL, 65, {
		EN = "thumbnail,variant image,small image,img,additional image link,other image url,media",
		DE = "bildpfad,vorschaubild,bilddatei",
		FR = "vignette,miniature",
		ES = "miniatura",
		IT = "miniatura",
		NL = "miniatuur",
		PL = "miniatura,miniaturka,grafika",
		PT = "miniatura"}},

	/* Not one of our columns, although a part may look like one. */
	{COLUMN_NONE, 0, {
		EN = "cost,cost price,cost per item,purchase price,buying price,wholesale price,trade price,base price,"
			 "minimum price,min price,price currency,currency,unit price measure,unit pricing measure,"
			 "unit pricing base measure,price type,shipping cost,shipping price,price status,price per kg,"
			 "deposit,supplier price",
		DE = "einkaufspreis,ek,ek preis,ek netto,einstandspreis,grundpreis,waehrung,wahrung,versandkosten,"
			 "mindestpreis,haendlerpreis,handlerpreis,grundpreiseinheit,pfand",
		FR = "prix fournisseur,dernier prix d achat,prix d achat,prix achat,pa ht,cout,devise,frais de port,"
			 "prix de revient,prix au kg,prix grossiste",
		ES = "precio de compra,precio compra,coste,costo,precio coste,moneda,divisa,gastos de envio,"
			 "precio mayorista",
		IT = "prezzo forn,prezzo fornitore,prezzo di acquisto,prezzo acquisto,costo,valuta,spese di spedizione,"
			 "prezzo al kg,prezzo ingrosso",
		NL = "inkoopprijs,kostprijs,valuta,verzendkosten,prijs per kg,nettokosten",
		PL = "cena zakupu,koszt,waluta,koszt wysylki,cena hurtowa,cena za kg",
		PT = "preco de compra,preco compra,custo,preco de custo,moeda,custo de envio,preco grossista"}},
	{COLUMN_NONE, 0, {
		EN = "stock status,status,published,visibility,in stock status,manage stock,inventory tracker,"
			 "inventory policy,variant inventory tracker,variant inventory policy,low stock amount,"
			 "minimum stock,reorder level,min qty,min order quantity,minimum quantity,backorders,lead time,"
			 "delivery time,quantity per pack,pack quantity,stock location,minimum order,condition,"
			 "variant fulfillment service,sold individually,date created",
		DE = "mindestbestand,meldebestand,mindestbestellmenge,lieferzeit,lagerort,status,lagerplatz,"
			 "mindestmenge,inhalt,zustand,lieferstatus",
		FR = "stock minimum,seuil,delai,delai de livraison,quantite minimum,statut,emplacement,etat,"
			 "quantite minimale",
		ES = "stock minimo,plazo de entrega,cantidad minima,estado,ubicacion",
		IT = "scorta minima,tempi di consegna,quantita minima,stato,ubicazione",
		NL = "minimumvoorraad,minimale voorraad,levertijd,minimale afname,status,locatie",
		PL = "stan minimalny,czas dostawy,minimalna ilosc,status,lokalizacja,termin dostawy",
		PT = "stock minimo,estoque minimo,prazo de entrega,quantidade minima,estado,localizacao"}},
	{COLUMN_NONE, 0, {
		EN = "image alt text,image alt,image position,image description,alt text,meta title,meta description,"
			 "meta keywords,seo title,seo description,page title,url key,url,product url,link,tags,keywords,"
			 "search terms,category id,brand id,category url,parent sku,parent,parent id,tax,tax class,tax code,"
			 "vat,vat rate,option name,option value,option 1 name,option 1 value,option 2 name,option 2 value,"
			 "option 3 name,option 3 value,collections,weight unit,variant weight unit,dimension unit,"
			 "image type,product type id,attribute 1 name,attribute 1 value,swatch,warranty,country of origin,"
			 "size chart,image title,image count",
		DE = "bildbeschreibung,metatitel,metabeschreibung,meta titel,meta beschreibung,suchbegriffe,schlagworte,"
			 "link,kategorie id,hersteller id,steuer,mwst,mwst satz,steuersatz,steuerklasse,vaterartikel,farbe,"
			 "groesse,ursprungsland,herkunftsland,garantie,lieferant id,gewichtseinheit,produktlink,deeplink,"
			 "artikel url",
		FR = "meta titre,meta description,titre seo,mots cles,lien,lien produit,id categorie,tva,taux tva,"
			 "couleur,pays d origine,garantie,url produit,unite de poids,unite poids",
		ES = "meta titulo,meta descripcion,palabras clave,enlace,url producto,id categoria,iva,impuesto,color,"
			 "pais de origen,garantia,etiquetas",
		IT = "meta titolo,meta descrizione,parole chiave,link,url prodotto,id categoria,iva,aliquota iva,colore,"
			 "paese di origine,garanzia",
		NL = "meta titel,meta omschrijving,zoekwoorden,trefwoorden,link,product url,categorie id,btw,btw tarief,"
			 "kleur,land van herkomst,garantie",
		PL = "meta tytul,meta opis,slowa kluczowe,link,adres url,id kategorii,vat,stawka vat,kolor,"
			 "kraj pochodzenia,gwarancja,tagi",
		PT = "meta titulo,meta descricao,palavras chave,ligacao,link,url produto,id categoria,iva,taxa iva,cor,"
			 "pais de origem,garantia,etiquetas"}},
};

/* Lists of words, separated by commas. */

/* Words that say nothing about the subject. */
static const char neutral_words[] =
	"product,produkt,produit,producto,prodotto,produto,produktu,artikel,article,articulo,articolo,artigo,artykul,item,"
	"variant,variante,google,shopping,default,standard,main,haupt,"
	"de,del,du,des,of,the,der,die,das,in,en,w,da,do,di,della,van,het,per,the,and,und,et,y,e,i,pro,par,por,za,l,d,"
	"eur,usd,gbp,chf,pln,brl,euro,zl,"
	"ttc,brutto,bruto,bruta,brut,incl,inkl,inc,mwst,iva,vat,btw,tva,tax,ust,"
	"cm,kg,number,nr,no,web,shop,online,field,text,language,fr,es,it,nl,pl,pt,us,uk,html,internal,interne,interna,interno";

/* Words that turn a heading into a property of the subject. */
static const char tail_words[] =
	"id,alt,count,type,typ,tipo,unit,currency,date,status,flag,label,position,location,minimum,min,max,parent,cost,"
	"old,previous,title,url,link,format,translation,rank,score,discount,rabatt,percent";

static const char *const side_phrases[SIDE_COUNT] = {
	[SIDE_LENGTH] = ("length,laenge,lange,longueur,profondeur,largo,longitud,profundidad,lunghezza,profondita,"
					 "lengte,diepte,dlugosc,glebokosc,comprimento,profundidade,depth,tiefe"),
	[SIDE_WIDTH] = "width,breite,largeur,ancho,anchura,larghezza,breedte,szerokosc,largura",
	[SIDE_HEIGHT] = "height,hoehe,hohe,hauteur,alto,altura,altezza,hoogte,wysokosc",
};

/* Words that say that a price is reduced, and beginnings of such words. */
static const char reduced_words[] = "sale,special,offer,reduced,solde,remise,reduit";
static const char reduced_beginnings[] =
	"discount,promo,aktion,sonder,angebot,ofert,rebaj,scont,offert,actie,aanbieding,specjal";

/* Words for a day, and for the beginning and end of a time. */
static const char date_words[] =
	"date,dates,datum,fecha,dia,data,giorno,dzien,from,until,starts,ends,start,end,von,bis,debut,fin,desde,hasta,"
	"inizio,fine,vanaf,tot,od,inicio,fim";

/* Words for totals. */
static const char *const total_phrases[LANGUAGE_COUNT] = {
	EN = "total,totals,grand total,sub total,subtotal,subtotals,sum,sum total,total sum,overall total",
	DE = "summe,summen,gesamt,gesamtsumme,zwischensumme,endsumme,teilsumme,insgesamt,gesamtwert,summe gesamt",
	FR = "total,totaux,total general,sous total,somme,total ttc,total ht",
	ES = "total,totales,total general,subtotal,suma,suma total",
	IT = "totale,totali,totale generale,totale complessivo,subtotale,sub totale,somma",
	NL = "totaal,totalen,eindtotaal,subtotaal,algemeen totaal,som,totaalbedrag",
	PL = "razem,suma,ogolem,lacznie,suma razem,suma calkowita,suma czesciowa",
	PT = "total,totais,total geral,subtotal,soma,soma total",
};
/* clang-format on */

static const char *const language_names[LANGUAGE_COUNT] = {
	[LANGUAGE_ENGLISH] = "English", [LANGUAGE_GERMAN] = "German",
	[LANGUAGE_FRENCH] = "French",   [LANGUAGE_SPANISH] = "Spanish",
	[LANGUAGE_ITALIAN] = "Italian", [LANGUAGE_DUTCH] = "Dutch",
	[LANGUAGE_POLISH] = "Polish",   [LANGUAGE_PORTUGUESE] = "Portuguese",
};

/* ----- words ----- */

/* A heading as words of small ASCII letters or of digits, separated by blanks. */
struct words
{
	char text[MOST_HEADING_BYTES];
	size_t length;

	/* The first and the last letters of words, as bits, which exclude most phrases. */
	uint32_t initials;
	uint32_t finals;
};

/* What signs stand for in headings, and letters that Unicode does not decompose. */
static const struct
{
	uint32_t character;
	const char *text;
	bool is_word;
} signs[] = {
	{'#', "nr", true},    {'?', "flag", true}, {'%', "percent", true}, {0x20AC, "eur", true},
	{'$', "usd", true},   {0xA3, "gbp", true}, {0xB0, "o", false},     {0x142, "l", false},
	{0x141, "l", false},  {0xF8, "o", false},  {0xD8, "o", false},     {0xE6, "ae", false},
	{0x153, "oe", false}, {0x111, "d", false},
};

enum letter_kind
{
	LETTER_NONE,
	LETTER_SMALL,
	LETTER_CAPITAL,
	LETTER_DIGIT
};

static void
put(struct words *words, char c)
{
	if (words->length < sizeof(words->text))
		words->text[words->length++] = c;
}

/* Begin a new word, unless one has just begun. */
static void
end_word(struct words *words)
{
	if (words->length > 0 && words->text[words->length - 1] != ' ')
		put(words, ' ');
}

static bool
put_sign(struct words *words, uint32_t character)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
	{
		if (signs[i].character != character)
			continue;
		if (signs[i].is_word)
			end_word(words);
		for (const char *c = signs[i].text; *c != '\0'; c++)
			put(words, *c);
		if (signs[i].is_word)
			end_word(words);
		return true;
	}
	return false;
}

/* Append the ASCII letters and digits that a character is made of; returns how many. */
static int
put_letters(struct words *words, uint32_t character)
{
	utf8proc_int32_t parts[16];
	int boundary = 0;
	int count = 0;
	utf8proc_ssize_t parted = utf8proc_decompose_char(
		(utf8proc_int32_t) character, parts, 16,
		UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK, &boundary);

	for (utf8proc_ssize_t i = 0; i < parted && i < 16; i++)
	{
		if (!is_ascii_letter((uint32_t) parts[i]) && !is_ascii_digit((uint32_t) parts[i]))
			continue;
		put(words, (char) parts[i]);
		count++;
	}
	return count;
}

static enum letter_kind
kind_of(uint32_t character)
{
	switch (utf8proc_category((utf8proc_int32_t) character))
	{
		case UTF8PROC_CATEGORY_LU:
		case UTF8PROC_CATEGORY_LT:
			return LETTER_CAPITAL;
		case UTF8PROC_CATEGORY_ND:
			return LETTER_DIGIT;
		case UTF8PROC_CATEGORY_LL:
		case UTF8PROC_CATEGORY_LO:
		case UTF8PROC_CATEGORY_LM:
			return LETTER_SMALL;
		default:
			return LETTER_NONE;
	}
}

/* Return the bit of a letter; all digits have one. */
static uint32_t
letter_bit(char c)
{
	return UINT32_C(1) << (is_ascii_letter((unsigned char) c) ? c - 'a' : 26);
}

static void
note_ends(struct words *words)
{
	words->initials = words->finals = 0;
	for (size_t i = 0; i < words->length; i++)
	{
		if (i == 0 || words->text[i - 1] == ' ')
			words->initials |= letter_bit(words->text[i]);
		if (i + 1 == words->length || words->text[i + 1] == ' ')
			words->finals |= letter_bit(words->text[i]);
	}
}

/*
 * Take a heading apart.  A word ends before a sign, a capital after a small letter,
 * and between letters and digits: "stockQty2" has three.
 */
static void
split_words(struct text_view heading, struct words *words)
{
	enum letter_kind before = LETTER_NONE;

	words->length = 0;
	for (size_t offset = 0; offset < heading.length;)
	{
		uint32_t character;
		enum letter_kind kind;

		offset += text_decode(heading, offset, &character);
		kind = kind_of(character);
		if ((before == LETTER_SMALL && kind == LETTER_CAPITAL) ||
			(before != LETTER_NONE && kind != LETTER_NONE &&
			 (before == LETTER_DIGIT) != (kind == LETTER_DIGIT)))
			end_word(words);
		if (!put_sign(words, character) && put_letters(words, character) == 0 &&
			utf8proc_category((utf8proc_int32_t) character) != UTF8PROC_CATEGORY_MN)
		{
			end_word(words);
			kind = LETTER_NONE;
		}
		before = kind;
	}
	while (words->length > 0 && words->text[words->length - 1] == ' ')
		words->length--;
	note_ends(words);
}

static struct text_view
text_of_words(const struct words *words)
{
	return (struct text_view){words->text, words->length};
}

/* Read the next text of a list that is separated by commas; false at the end. */
static bool
next_of(const char **list, struct text_view *text)
{
	const char *begin = *list;
	const char *end = begin;

	if (begin == NULL || *begin == '\0')
		return false;
	while (*end != '\0' && *end != ',')
		end++;
	*text = (struct text_view){begin, end - begin};
	*list = *end != '\0' ? end + 1 : end;
	return true;
}

static bool
is_listed(const char *list, struct text_view word)
{
	struct text_view listed;

	while (next_of(&list, &listed))
	{
		if (text_equal(listed, word))
			return true;
	}
	return false;
}

/* Return the word at an offset where one begins. */
static struct text_view
word_at(struct text_view words, size_t offset)
{
	size_t end = offset;

	while (end < words.length && words.data[end] != ' ')
		end++;
	return (struct text_view){words.data + offset, end - offset};
}

/* ----- phrases ----- */

/*
 * Return where a phrase that begins at this word of a heading ends, blanks aside, if
 * it ends with a word; 0 if it is not there.
 */
static size_t
phrase_end(struct text_view words, size_t offset, struct text_view phrase)
{
	size_t next = 0;

	while (next < phrase.length)
	{
		if (phrase.data[next] == ' ')
			next++;
		else if (offset < words.length && words.data[offset] == ' ')
			offset++;
		else if (offset < words.length && words.data[offset] == phrase.data[next])
		{
			offset++;
			next++;
		}
		else
			return 0;
	}
	return offset == words.length || words.data[offset] == ' ' ? offset : 0;
}

/* A phrase in a heading. */
struct occurrence
{
	int percent; /* less what the other words cost */
	int letters; /* of words that are not neutral */
	bool is_whole;
};

static int
cost_of(struct text_view word)
{
	if (text_equal(word, text_of("1")) || is_listed(neutral_words, word))
		return COST_OF_NEUTRAL;
	if (is_listed(tail_words, word))
		return COST_OF_TAIL;
	return is_ascii_digit((unsigned char) word.data[0]) ? COST_OF_NUMBER : COST_OF_WORD;
}

/* Judge a phrase that a heading has from begin to end. */
static struct occurrence
judge_occurrence(struct text_view words, size_t begin, size_t end, int percent)
{
	struct occurrence found = {.percent = percent, .is_whole = begin == 0 && end == words.length};
	int cost = 0;

	for (size_t offset = 0; offset < words.length;)
	{
		struct text_view word = word_at(words, offset);

		if (offset < begin || offset >= end)
			cost += cost_of(word);
		else if (!is_listed(neutral_words, word))
			found.letters += (int) word.length;
		offset += word.length + 1;
	}
	found.percent = cost >= 100 ? 0 : percent * (100 - cost) / 100;
	return found;
}

/* Does a word end in this phrase, as compounds of German and Dutch do? */
static bool
ends_in(struct text_view word, struct text_view phrase)
{
	return phrase.length >= SHORTEST_COMPOUND_PART && word.length > phrase.length &&
		   memcmp(word.data + word.length - phrase.length, phrase.data, phrase.length) == 0;
}

/* May a heading have a phrase, by the first letter, or by the last one of a compound? */
static bool
may_have(const struct words *words, struct text_view phrase, bool has_compounds)
{
	return (words->initials & letter_bit(phrase.data[0])) != 0 ||
		   (has_compounds && (words->finals & letter_bit(phrase.data[phrase.length - 1])) != 0);
}

/* Find the best occurrence of a phrase in a heading. */
static struct occurrence
find_phrase(const struct words *heading, struct text_view phrase, enum vocabulary_language language,
			int percent)
{
	struct text_view words = text_of_words(heading);
	struct occurrence best = {0};
	bool has_compounds = language == LANGUAGE_GERMAN || language == LANGUAGE_DUTCH;

	if (!may_have(heading, phrase, has_compounds))
		return best;
	for (size_t offset = 0; offset < words.length;)
	{
		struct text_view word = word_at(words, offset);
		size_t end = phrase_end(words, offset, phrase);
		struct occurrence found = {0};

		if (end > 0)
			found = judge_occurrence(words, offset, end, percent);
		else if (has_compounds && ends_in(word, phrase))
		{
			found = judge_occurrence(words, offset, offset + word.length,
									 percent * COMPOUND_PERCENT / 100);
			found.letters = (int) phrase.length;
			found.is_whole = false;
		}
		if (found.percent > best.percent ||
			(found.percent == best.percent && found.letters > best.letters))
			best = found;
		offset += word.length + 1;
	}
	return best;
}

/* ----- matching ----- */

struct best_match
{
	struct occurrence occurrence;
	bool has_whole; /* some phrase is the whole heading, though perhaps not the best one */
	enum vocabulary_language language;
};

static void
match_subject(const struct words *words, const struct subject *subject, struct best_match *best)
{
	/* A subject that is not one of our columns is compared by its letters alone. */
	int percent = subject->column != COLUMN_NONE ? subject->percent : 100;

	for (int language = 0; language < LANGUAGE_COUNT; language++)
	{
		const char *phrases = subject->phrases[language];
		struct text_view phrase;

		while (next_of(&phrases, &phrase))
		{
			struct occurrence found = find_phrase(words, phrase, language, percent);

			best->has_whole |= found.is_whole && found.percent >= LEAST_OTHER_PERCENT;
			if (found.percent > best->occurrence.percent ||
				(found.percent == best->occurrence.percent && found.percent > 0 &&
				 found.letters > best->occurrence.letters))
			{
				best->occurrence = found;
				best->language = language;
			}
		}
	}
}

/* Does the heading name another subject more clearly than one of our columns? */
static bool
is_other(const struct best_match *other, const struct best_match *column)
{
	if (other->occurrence.percent < LEAST_OTHER_PERCENT || column->has_whole)
		return false;
	return other->has_whole || other->occurrence.letters > column->occurrence.letters;
}

/* Is the heading, as a whole, a phrase for another column? */
static bool
is_other_column(const struct best_match best[COLUMN_COUNT], int column)
{
	for (int other = 0; other < COLUMN_COUNT; other++)
	{
		if (other != column && best[other].has_whole && !best[column].has_whole)
			return true;
	}
	return false;
}

void
vocabulary_match(struct text_view heading, struct vocabulary_match matches[COLUMN_COUNT])
{
	struct best_match best[COLUMN_COUNT] = {0};
	struct best_match other = {0};
	struct words words;

	split_words(heading, &words);
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		match_subject(&words, &subjects[i],
					  subjects[i].column != COLUMN_NONE ? &best[subjects[i].column] : &other);
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		const struct occurrence *found = &best[column].occurrence;
		bool names_other = is_other(&other, &best[column]) || is_other_column(best, column);
		int percent = names_other ? found->percent * OTHER_SUBJECT_PERCENT / 100 : found->percent;

		matches[column] =
			(struct vocabulary_match){percent, found->is_whole, names_other, best[column].language};
	}
}

/* Is a heading our own except for signs around it, such as quotes of another kind? */
static bool
is_own_with_signs(struct text_view heading)
{
	struct words words;

	split_words(heading, &words);
	return heading_column(text_of_words(&words)) != COLUMN_NONE &&
		   heading_column(heading) == COLUMN_NONE;
}

enum onboard_column
vocabulary_column(struct text_view heading)
{
	struct vocabulary_match matches[COLUMN_COUNT];
	enum onboard_column best = COLUMN_NONE;

	if (is_own_with_signs(heading))
		return COLUMN_NONE;
	vocabulary_match(heading, matches);
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (matches[column].is_whole && matches[column].percent >= USUAL_PERCENT &&
			(best == COLUMN_NONE || matches[column].percent > matches[best].percent))
			best = (enum onboard_column) column;
	}
	return best;
}

enum vocabulary_side
vocabulary_side(struct text_view heading)
{
	struct words words;
	enum vocabulary_side found = SIDE_COUNT;

	split_words(heading, &words);
	for (size_t offset = 0; offset < words.length;)
	{
		struct text_view word = word_at(text_of_words(&words), offset);

		for (int side = 0; side < SIDE_COUNT; side++)
		{
			if (is_listed(side_phrases[side], word))
				/* A heading that names several sides does not name one. */
				found = found == SIDE_COUNT ? (enum vocabulary_side) side : SIDE_COUNT;
		}
		offset += word.length + 1;
	}
	return found;
}

/* Does a word begin with one that is listed? */
static bool
begins_listed(const char *list, struct text_view word)
{
	struct text_view listed;

	while (next_of(&list, &listed))
	{
		if (word.length >= listed.length && memcmp(word.data, listed.data, listed.length) == 0)
			return true;
	}
	return false;
}

/* Does a word of a heading pass a test with a list? */
static bool
has_word(struct text_view heading, bool (*test)(const char *list, struct text_view word),
		 const char *list)
{
	struct words words;

	split_words(heading, &words);
	for (size_t offset = 0; offset < words.length;)
	{
		struct text_view word = word_at(text_of_words(&words), offset);

		if (test(list, word))
			return true;
		offset += word.length + 1;
	}
	return false;
}

bool
vocabulary_is_reduced_price(struct text_view heading)
{
	return has_word(heading, is_listed, reduced_words) ||
		   has_word(heading, begins_listed, reduced_beginnings);
}

bool
vocabulary_is_date(struct text_view heading)
{
	return has_word(heading, is_listed, date_words);
}

bool
vocabulary_is_total(struct text_view text)
{
	struct words words;

	if (text.length > MOST_TOTAL_BYTES)
		return false;
	split_words(text, &words);
	for (int language = 0; language < LANGUAGE_COUNT; language++)
	{
		if (words.length > 0 && is_listed(total_phrases[language], text_of_words(&words)))
			return true;
	}
	return false;
}

bool
vocabulary_has_word(struct text_view heading, const char *words)
{
	return has_word(heading, is_listed, words);
}

const char *
vocabulary_language_name(enum vocabulary_language language)
{
	return language_names[language];
}
